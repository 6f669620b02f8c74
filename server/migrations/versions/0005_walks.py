"""walks: trying a process by hand"""

import sqlalchemy as sa
from alembic import op

import server.db

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pro_walks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('process_id', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.Column('version_number', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('start', server.db.Json(), nullable=False),
    sa.Column('message', sa.String(length=100), nullable=True),
    sa.Column('begins_at', server.db.Instant(), nullable=False),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.Column('moves', server.db.Json(), nullable=False),
    sa.Column('kept_as', sa.String(length=200), nullable=True),
    sa.Column('begun_at', server.db.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['change_set_id'], ['pro_change_sets.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('pro_walks', schema=None) as batch_op:
        batch_op.create_index('ix_pro_walks_account', ['account_id', 'id'], unique=False)

    op.create_table('pro_walk_files',
    sa.Column('walk_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['walk_id'], ['pro_walks.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('walk_id', 'name')
    )


def downgrade() -> None:
    op.drop_table('pro_walk_files')
    op.drop_table('pro_walks')
