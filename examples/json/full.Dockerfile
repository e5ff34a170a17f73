FROM scratch
COPY proxy.conf modules.conf /
