FROM python:3.13-slim-trixie
RUN pip install --index-url https://localhost:8443/simple idna==3.10
