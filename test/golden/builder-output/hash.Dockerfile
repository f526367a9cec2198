FROM python:3.13-slim-trixie
RUN printf 'idna==3.10 --hash=sha256:%064d\n' 0 >/r.txt
RUN --mount=type=secret,id=ca,target=/run/secrets/ca.pem PIP_CERT=/run/secrets/ca.pem pip install --no-deps --require-hashes -r /r.txt
