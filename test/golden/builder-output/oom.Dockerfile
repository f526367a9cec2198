FROM python:3.13-slim-trixie
RUN sh -c 'kill -9 $$'
