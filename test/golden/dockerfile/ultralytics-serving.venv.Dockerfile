# Made by `tare dockerfile --variant venv --platform linux/amd64`: run it again instead of editing (sha256:a1fa65f1fa02ee0a).
# Variant `venv`: pip with a cache mount into a virtual environment, on the slim image. Needs
# BuildKit 0.10 (Docker 23); `--no-link` is for builders before that.
#
# Secrets of the build, each only where the network asks for it; what is not given is upstream. None
# gets into a layer or the history, as a build argument would:
#   --secret id=pip_conf,src=~/.config/pip/pip.conf   (settings of pip: indexes, mirrors)
#   --secret id=netrc,src=~/.netrc   (user names and passwords of indexes, by host)
#   --secret id=apt_sources,src=/etc/apt/sources.list.d/debian.sources   (where Debian packages come from: a mirror)
#   --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt   (certificates to trust while building, in place of those of the base: all of them, the public ones too)

# By digest, so that it is the same one next week; the tag is for people and for tools that update
# it.
FROM python:3.13-slim-trixie@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS python

FROM python AS runtime

# What the base lacks for opencv-python, in the stage that runs it, and no more than that. apt-get
# install would add libllvm19, mesa-libgallium, libz3-4 and 27 more, some 200 MB, which Debian’s
# packages ask of each other and nothing here loads. apt checks and fetches the packages, their
# files are laid out, and status.d tells scanners of them: apt itself counts them not as installed,
# and stays of one piece. Of what their scripts do, `ldconfig` alone is of use in an image. The
# lists stay in cache mounts, locked, as apt does not share. Versions are not pinned: the archive
# drops those that have a security fix. `system-policy = "depends"` has apt install them instead.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    --mount=type=secret,id=apt_sources,target=/etc/apt/sources.list.d/debian.sources,mode=0444 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    apt-get update \
    && install -d /var/lib/dpkg/status.d \
    && install -d -m 0777 /tmp/packages \
    && cd /tmp/packages \
    && apt-get download \
        libatomic1 \
        libgl1 \
        libglib2.0-0t64 \
        libglvnd0 \
        libglx0 \
        libx11-6 \
        libx11-data \
        libxau6 \
        libxcb1 \
        libxdmcp6 \
    && for package in *.deb; do \
        dpkg-deb --field "$package" > "/var/lib/dpkg/status.d/${package%%_*}" \
        && dpkg-deb --fsys-tarfile "$package" | tar --extract --directory / --keep-directory-symlink --no-overwrite-dir \
        '--exclude=./usr/share/doc/*/[!c]*' '--exclude=./usr/share/doc/*/changelog*' --exclude=./usr/share/man --exclude=./usr/share/locale || exit 1; done \
    && ldconfig \
    && rm -rf /tmp/packages /var/cache/ldconfig/aux-cache

# The user of the image, an unprivileged user that no host uses, and the two folders that are theirs
# to write. Made with their owner: a later `chown` would copy what it touches into one more layer.
RUN groupadd --gid 65532 nonroot \
    && useradd --uid 65532 --gid 65532 --no-log-init --no-create-home --home-dir /home/nonroot --shell /usr/sbin/nologin nonroot \
    && install -d -o 65532 -g 65532 /home/nonroot /app

# The standard library as bytecode: the base has none, and every start would compile what it
# imports. Here and not in the builder, so that it fits this very base.
RUN /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        -j 0 -x '/(site-packages|test|tests|idle_test|idlelib|turtledemo|lib2to3|ensurepip|pydoc_data|config-[^/]*)/' /usr/local/lib/python3.13

FROM python AS builder

# Of this stage only. pip trusts what the system trusts, also where its own list is older. Where the
# secret `ca` is given, it stands at that path for the step.
ENV PIP_CERT="/etc/ssl/certs/ca-certificates.crt" \
    PIP_DISABLE_PIP_VERSION_CHECK="1" \
    PIP_ROOT_USER_ACTION="ignore"
WORKDIR /build

# At its final path, as its scripts name it; on PATH in the image, not activated. Without pip: the
# one of the base fills it.
RUN /usr/local/bin/python3.13 -m venv --without-pip /opt/venv
COPY requirements.txt ./

# Exactly the set that `requirements.txt` closes, by hash; no resolving. Wheels alone: nothing of
# another package runs here, where settings and passwords may be. pip keeps what it fetched in a
# cache mount.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=netrc,target=/root/.netrc \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    pip --python /opt/venv/bin/python install \
        --no-deps --require-hashes --only-binary :all: --no-compile \
        -r requirements.txt \
    && /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        -j 0 /opt/venv/lib/python3.13/site-packages

FROM python AS application
WORKDIR /app

# The application: what the plan takes of the project, and no more.
COPY .python-version config.yaml pyproject.toml requirements.txt ./
COPY asserts ./asserts/
COPY serving ./serving/
COPY static ./static/

# Bytecode beside the sources, for the path that they have in the image. Hash-based and unchecked:
# dates of files do not matter, and no start compares anything.
RUN /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        /app

FROM runtime AS final

# The distributions below the code, owned by root: what runs cannot change them.
COPY --from=builder --link /opt/venv /opt/venv
WORKDIR /app

# The code last: an edit changes this layer alone.
COPY --from=application --chown=65532:65532 --link /app /app

# Log lines appear when they are written; bytecode is there already.
ENV PATH="/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin" \
    LANG="C.UTF-8" \
    VIRTUAL_ENV="/opt/venv" \
    HOME="/home/nonroot" \
    PYTHONUNBUFFERED="1" \
    PYTHONDONTWRITEBYTECODE="1" \
    PYTHONPATH="/app" \
    OPENCV_IO_MAX_IMAGE_PIXELS="50000000"
LABEL org.opencontainers.image.title="ultralytics-serving" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.description="Finds things in pictures with a YOLOv8-shaped ONNX model" \
      tare.bytecode.magic="3571"

# In numbers, so that Kubernetes sees that it is not root.
USER 65532:65532
EXPOSE 8000

# The route `/healthz` (serving/main.py:43). Python asks it, as there is no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/python3.13", "-I", "-S", "-c", "import http.client, sys; c = http.client.HTTPConnection(\"127.0.0.1\", 8000, timeout=4); c.request(\"GET\", \"/healthz\"); sys.exit(not 200 <= c.getresponse().status < 400)"]

# The setting `command` (pyproject.toml:23). No shell in between: signals reach the server.
CMD ["gunicorn", "serving.main:app", "--worker-class", "uvicorn_worker.UvicornWorker", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "--timeout", "120", "--no-control-socket"]
