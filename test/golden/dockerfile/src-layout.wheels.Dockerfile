# Made by `tare dockerfile --variant wheels --platform linux/amd64`: run it again instead of editing (sha256:2dcb71a80ea4f498).
# Variant `wheels`: a wheel-house in a stage of its own, installed from a bind mount. Needs BuildKit
# 0.10 (Docker 23); `--no-link` is for builders before that.
#
# Secrets of the build, each only where the network asks for it; what is not given is upstream. None
# gets into a layer or the history, as a build argument would:
#   --secret id=pip_conf,src=~/.config/pip/pip.conf   (settings of pip: indexes, mirrors)
#   --secret id=netrc,src=~/.netrc   (user names and passwords of indexes, by host)
#   --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt   (certificates to trust while building, in place of those of the base: all of them, the public ones too)

# By digest, so that it is the same one next week; the tag is for people and for tools that update
# it.
FROM python:3.13-slim-trixie@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS python

FROM python AS runtime

# The user of the image, an unprivileged user that no host uses, and the two folders that are theirs
# to write. Made with their owner: a later `chown` would copy what it touches into one more layer.
RUN groupadd --gid 65532 nonroot \
    && useradd --uid 65532 --gid 65532 --no-log-init --no-create-home --home-dir /home/nonroot --shell /usr/sbin/nologin nonroot \
    && install -d -o 65532 -g 65532 /home/nonroot /app

# The standard library as bytecode: the base has none, and every start would compile what it
# imports. Here and not in the builder, so that it fits this very base.
RUN /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        -j 0 -x '/(site-packages|test|tests|idle_test|idlelib|turtledemo|lib2to3|ensurepip|pydoc_data|config-[^/]*)/' /usr/local/lib/python3.13

FROM python AS wheelhouse

# Of this stage only. pip trusts what the system trusts, also where its own list is older. Where the
# secret `ca` is given, it stands at that path for the step.
ENV PIP_CERT="/etc/ssl/certs/ca-certificates.crt" \
    PIP_DISABLE_PIP_VERSION_CHECK="1" \
    PIP_ROOT_USER_ACTION="ignore"
WORKDIR /build

# The wheel-house: every wheel of the set, by hash, and nothing is installed here. One that is
# fetched again comes from the cache mount.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=netrc,target=/root/.netrc \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    printf '%s\n' \
        'annotated-doc==0.0.7 --hash=sha256:6bc31bbbec6dfaaedc1676dbc11dbda96fe22a2b5c400e9ebad113fec44a9dc6' \
        'annotated-types==0.8.0 --hash=sha256:f072f4d804ea359e4eaf198b1af7a8b0943881a87f31bb764f8bf219bb9419e0' \
        'anyio==4.16.0 --hash=sha256:c66ae634e0b8228396b801741beb3294326d4b6102f7bba4041c0dfb58c29026' \
        'click==8.5.1 --hash=sha256:8bb5376d2006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37' \
        'fastapi==0.165.0 --hash=sha256:896f48462042bb4f162147eb8fac7e858753dc1f486765709baf105d70e4fc5b' \
        'h11==0.16.0 --hash=sha256:63cf8bbe7522de3bf65932fda1d9c2772064ffb3dae62d55932da54b31cb6c86' \
        'idna==3.20 --hash=sha256:ab7ae7122974553370f0bdb919e1a960b2cd1bc1ef0276416d896db81c14582c' \
        'opentelemetry-api==1.45.2 --hash=sha256:2cbd737377e710ee740d261c94e93fa0f08e6d037c18f17513cc0a2d94479a34' \
        'pydantic==2.14.4 --hash=sha256:653a2ad9f6d8858529c77c72717d0ea991d6c6837fe683246b2f4b2bbfc3fadc' \
        'pydantic-core==2.50.5 --hash=sha256:cbfde3ad127786f1dea1a6cd89a5eb824a16203f24743ad2b4e07506f43bc844' \
        'starlette==1.10.0 --hash=sha256:478c0ab3b4ced6e82719849c118fa406f0278a3499c1a898cd15cd31bdc38ce4' \
        'typing-extensions==4.16.0 --hash=sha256:481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8' \
        'typing-inspection==0.4.5 --hash=sha256:bc210535442b39e1bf2805e0c7a17dfd6a4ace760c84c7f7d16245d23a6b1c39' \
        'uvicorn==0.54.0 --hash=sha256:505bdb0f318731d45f1f712071fc781a8981f6847a31c902c9f5e652d4f67faf' \
        > requirements.txt \
    && pip download --dest /wheels --no-deps --require-hashes --only-binary :all: \
        -r requirements.txt
COPY pyproject.toml README.md ./
COPY src/greeter ./src/greeter/

# The project itself, by its own build back end, which comes from the index. After its dependencies,
# so that an edit of the project installs them not anew.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=netrc,target=/root/.netrc \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    pip wheel --no-deps --wheel-dir /wheels .

FROM python AS application
WORKDIR /app

# The application: what the plan takes of the project, and no more.
COPY README.md expect.json pyproject.toml ./
COPY tests ./tests/

# Bytecode beside the sources, for the path that they have in the image. Hash-based and unchecked:
# dates of files do not matter, and no start compares anything.
RUN /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        /app

FROM runtime AS final

# Installed from a bind mount: a wheel-house that is copied in is a layer as large as what comes out
# of it, and no later `rm` makes it smaller. The mount is of the stage above, for this step; /build
# and /wheels are not in the image.
RUN --mount=type=bind,from=wheelhouse,source=/wheels,target=/wheels \
    PYTHONDONTWRITEBYTECODE=1 pip install --no-index --no-deps --no-compile --no-cache-dir \
        --disable-pip-version-check --root-user-action=ignore /wheels/*.whl \
    && /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        -j 0 -x '/site-packages/(pip|setuptools|wheel|pkg_resources|_distutils_hack)/' /usr/local/lib/python3.13/site-packages
WORKDIR /app

# The code last: an edit changes this layer alone.
COPY --from=application --chown=65532:65532 --link /app /app

# Log lines appear when they are written; bytecode is there already.
ENV LANG="C.UTF-8" \
    HOME="/home/nonroot" \
    PYTHONUNBUFFERED="1" \
    PYTHONDONTWRITEBYTECODE="1"
LABEL org.opencontainers.image.title="greeter" \
      org.opencontainers.image.version="0.3.0" \
      org.opencontainers.image.description="Greets, and knows its own version" \
      tare.bytecode.magic="3571"

# In numbers, so that Kubernetes sees that it is not root.
USER 65532:65532
EXPOSE 8000

# The route `/healthz` (src/greeter/api.py:13). Python asks it, as there is no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/python3.13", "-I", "-S", "-c", "import http.client, sys; c = http.client.HTTPConnection(\"127.0.0.1\", 8000, timeout=4); c.request(\"GET\", \"/healthz\"); sys.exit(not 200 <= c.getresponse().status < 400)"]

# `app` is a FastAPI application; uvicorn is among the dependencies (src/greeter/api.py:10). No
# shell in between: signals reach the server.
CMD ["uvicorn", "greeter.api:app", "--host", "0.0.0.0", "--port", "8000"]
