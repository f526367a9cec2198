FROM python:3.13-slim-trixie
RUN --mount=type=secret,id=ca,target=/run/secrets/ca.pem PIP_CERT=/run/secrets/ca.pem pip install --only-binary :all: tensorflow==1.15.0
