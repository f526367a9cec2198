"""Who wrote a note"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("note", sa.Column("author", sa.String(80)))


def downgrade():
    op.drop_column("note", "author")
