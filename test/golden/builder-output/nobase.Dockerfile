FROM python:3.99-slim
RUN true
