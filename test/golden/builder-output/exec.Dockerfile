FROM 127.0.0.1:5761/foreign:1
RUN true
