# The sample image: nginx on Amazon Linux 2023.
#
# The base image is an argument, so that you can use a copy in your own registry:
#   python -m multiarch build --build-arg BASE_IMAGE=123456789012.dkr.ecr.eu-west-1.amazonaws.com/amazonlinux:2023
ARG BASE_IMAGE=public.ecr.aws/amazonlinux/amazonlinux:2023
FROM ${BASE_IMAGE}

RUN dnf install --assumeyes --setopt=install_weak_deps=False nginx && dnf clean all

# docker reads the logs from these two streams.
RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log

EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
