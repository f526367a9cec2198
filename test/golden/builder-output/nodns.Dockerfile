FROM python:3.13-slim-trixie
RUN pip install --retries 1 --index-url https://nowhere.example/simple idna==3.10
