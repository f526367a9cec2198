FROM python:3.13-slim-trixie
RUN apt-get update -qq && apt-get install -y --no-install-recommends libgl1-mesa-glx
