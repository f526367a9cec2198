FROM registry.nowhere.example/python:3.13
RUN true
