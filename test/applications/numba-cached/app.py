"""Answers with a sum that is compiled at the first request."""

from flask import Flask, jsonify, request

from kernels import sum_of_squares
from labels import label_of

app = Flask(__name__)


@app.get("/")
def index():
    count = int(request.args.get("count", "10"))
    return jsonify(label=label_of(count), sum=int(sum_of_squares(count)))


@app.get("/healthz")
def health():
    return "ok"
