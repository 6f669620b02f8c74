"""change sets, and from when a version or a library file is in force"""

import json

import sqlalchemy as sa
from alembic import op

import server.db

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tables()
    with op.batch_alter_table('pro_library', schema=None) as batch_op:
        batch_op.add_column(sa.Column('effective_from', server.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column('gone', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('added_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('change_set_id', sa.Integer(), nullable=True))
    with op.batch_alter_table('pro_publications', schema=None) as batch_op:
        batch_op.add_column(sa.Column('effective_from', server.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column('change_set_id', sa.Integer(), nullable=True))
    op.execute('update pro_library set effective_from = added_at')
    op.execute('update pro_publications set effective_from = published_at')
    for table, key in (('pro_library', 'key'), ('pro_publications', 'process_id')):
        index = {'pro_library': 'ix_pro_library_key', 'pro_publications': 'ix_pro_publications_process'}[table]
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column('effective_from', existing_type=server.db.Instant(), nullable=False)
            batch_op.create_foreign_key(f'fk_{table}_change_set', 'pro_change_sets', ['change_set_id'], ['id'])
            batch_op.drop_index(index)
            batch_op.create_index(index, [key, 'effective_from', 'id'], unique=False)
    with op.batch_alter_table('pro_library', schema=None) as batch_op:
        batch_op.alter_column('gone', existing_type=sa.Boolean(), server_default=None, existing_nullable=False)
    _what_people_published_into_the_library()
    _drafts_of_versions_become_change_sets()
    for column in ('submitted_at', 'submitted_by', 'submitted_by_id'):
        op.drop_column('pro_versions', column)


def _tables() -> None:
    op.create_table('pro_change_sets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=True),
    sa.Column('effective_from', server.db.Instant(), nullable=True),
    sa.Column('reverts_id', sa.Integer(), nullable=True),
    sa.Column('created_at', server.db.Instant(), nullable=False),
    sa.Column('created_by', sa.String(length=200), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['reverts_id'], ['pro_change_sets.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('pro_change_sets', schema=None) as batch_op:
        batch_op.create_index('ix_pro_change_sets_state', ['state', 'id'], unique=False)

    op.create_table('pro_change_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('base', sa.String(length=64), nullable=True),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.Column('saved_at', server.db.Instant(), nullable=False),
    sa.Column('saved_by', sa.String(length=200), nullable=False),
    sa.Column('saved_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['change_set_id'], ['pro_change_sets.id'], ),
    sa.ForeignKeyConstraint(['sha256'], ['pro_blobs.sha256'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('change_set_id', 'name', name='uq_pro_change_files_name')
    )
    op.create_table('pro_change_acts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('file', sa.String(length=200), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('at', server.db.Instant(), nullable=False),
    sa.Column('by', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['change_set_id'], ['pro_change_sets.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('pro_change_acts', schema=None) as batch_op:
        batch_op.create_index('ix_pro_change_acts_set', ['change_set_id', 'id'], unique=False)

    op.create_table('pro_drafts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('base', sa.String(length=64), nullable=True),
    sa.Column('kept_at', server.db.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['change_set_id'], ['pro_change_sets.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('change_set_id', 'name', 'account_id', name='uq_pro_drafts_account')
    )


def _what_people_published_into_the_library() -> None:
    """Until now a person's version had its files to itself; from now on what is in force is what the library holds."""
    rows = sa.text(
        'select p.published_at, p.published_by_id, v.files from pro_publications p '
        'join pro_versions v on v.id = p.version_id '
        'where p.id in (select max(id) from pro_publications group by process_id) '
        'and p.published_by_id is not null order by p.id'
    )
    bind = op.get_bind()
    last = 'select key, sha256 from pro_library where id in (select max(id) from pro_library group by key)'
    known = {key: sha for key, sha in bind.execute(sa.text(last))}
    for at, by, files in bind.execute(rows).all():
        for name, sha in json.loads(files).items():
            key = name
            if name.endswith('.form'):
                content = bind.execute(sa.text('select content from pro_blobs where sha256 = :sha'), {'sha': sha})
                key = _form_id(bytes(content.scalar_one())) or name
            if known.get(key) == sha:
                continue
            known[key] = sha
            bind.execute(
                sa.text(
                    'insert into pro_library (key, name, sha256, added_at, effective_from, gone, added_by_id) '
                    'values (:key, :name, :sha, :at, :at, :gone, :by)'
                ),
                {'key': key, 'name': name, 'sha': sha, 'at': at, 'gone': False, 'by': by},
            )


def _drafts_of_versions_become_change_sets() -> None:
    """A version nobody has published yet was a draft of one model; drafts are change sets from now on."""
    bind = op.get_bind()
    last = 'select name, sha256 from pro_library where id in (select max(id) from pro_library group by key)'
    library = {name: sha for name, sha in bind.execute(sa.text(last))}
    drafts = sa.text(
        'select id, process_id, name, note, files, created_at, created_by, created_by_id from pro_versions '
        'where id not in (select version_id from pro_publications) order by id'
    )
    for row in bind.execute(drafts).all():
        told = {'at': row.created_at, 'by': row.created_by, 'by_id': row.created_by_id}
        bind.execute(
            sa.text(
                "insert into pro_change_sets (title, reason, state, revision, created_at, created_by, created_by_id) "
                "values (:title, :reason, 'draft', 1, :at, :by, :by_id)"
            ),
            {'title': (row.note or row.name)[:100], 'reason': row.note, **told},
        )
        change = bind.execute(sa.text('select max(id) from pro_change_sets')).scalar_one()
        began = {'change': change, 'kind': 'began', 'file': None, 'sha': None, **told}
        acts = [began]
        for name, sha in json.loads(row.files).items():
            if library.get(name) == sha:
                continue
            bind.execute(
                sa.text(
                    'insert into pro_change_files (change_set_id, name, sha256, base, gone, saved_at, saved_by, '
                    'saved_by_id) values (:change, :name, :sha, :base, :gone, :at, :by, :by_id)'
                ),
                {'change': change, 'name': name, 'sha': sha, 'base': library.get(name), 'gone': False, **told},
            )
            acts.append(began | {'kind': 'saved', 'file': name, 'sha': sha})
        bind.execute(
            sa.text(
                'insert into pro_change_acts (change_set_id, kind, note, file, sha256, revision, at, "by", by_id) '
                "values (:change, :kind, '', :file, :sha, 1, :at, :by, :by_id)"
            ),
            acts,
        )
        bind.execute(sa.text('delete from pro_versions where id = :id'), {'id': row.id})


def _form_id(data: bytes) -> str:
    try:
        form = json.loads(data)
    except ValueError:
        return ''
    return str(form.get('id') or '') if isinstance(form, dict) else ''


def downgrade() -> None:
    op.add_column('pro_versions', sa.Column('submitted_at', server.db.Instant(), nullable=True))
    op.add_column('pro_versions', sa.Column('submitted_by', sa.String(length=200), nullable=True))
    op.add_column('pro_versions', sa.Column('submitted_by_id', sa.Integer(), nullable=True))
    for table, key in (('pro_library', 'key'), ('pro_publications', 'process_id')):
        index = {'pro_library': 'ix_pro_library_key', 'pro_publications': 'ix_pro_publications_process'}[table]
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(f'fk_{table}_change_set', type_='foreignkey')
            batch_op.drop_index(index)
            batch_op.create_index(index, [key, 'id'], unique=False)
            batch_op.drop_column('effective_from')
            batch_op.drop_column('change_set_id')
    with op.batch_alter_table('pro_library', schema=None) as batch_op:
        batch_op.drop_column('gone')
        batch_op.drop_column('added_by_id')
    for name in ('pro_drafts', 'pro_change_acts', 'pro_change_files', 'pro_change_sets'):
        op.drop_table(name)
