"""how often a job may be tried, as its model says"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('job_jobs', sa.Column('max_tries', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('job_jobs', 'max_tries')
