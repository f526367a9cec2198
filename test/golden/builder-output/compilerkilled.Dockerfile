FROM python:3.13-slim-trixie
RUN mkdir /app && cd /app && touch one.py two.py && python3.13 -c "print('x = [i for i in range(9)]\n' * 300000)" > big.py
RUN ulimit -t 1 && /usr/local/bin/python3.13 -IB -c 'import compileall; compileall.main()' -q --invalidation-mode unchecked-hash \
        -j 0 /app
