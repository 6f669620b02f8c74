"""which matters and materials a case was admitted under

Cases admitted before are bound to the version that is there when this release first starts: the oldest in the library,
which these rows name by an empty hash (nothing older was kept). What they were promised stays in the row as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('apv_cases', sa.Column('matters_sha', sa.String(length=64), nullable=True))
    op.add_column('apv_cases', sa.Column('materials_sha', sa.String(length=64), nullable=True))
    op.execute(
        "update apv_cases set matters_sha = '', materials_sha = '' "
        "where id in (select case_id from apv_records where state = 3)"
    )
    op.drop_column('apv_cases', 'catalogue_version')


def downgrade() -> None:
    op.add_column(
        'apv_cases', sa.Column('catalogue_version', sa.String(length=16), nullable=False, server_default='')
    )
    op.drop_column('apv_cases', 'materials_sha')
    op.drop_column('apv_cases', 'matters_sha')
