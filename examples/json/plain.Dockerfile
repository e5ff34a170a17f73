FROM scratch
COPY proxy.conf /
