FROM python:3.13-slim-trixie
RUN printf '[build-system]\nrequires=[]\n' >/dev/null; gcc --version
