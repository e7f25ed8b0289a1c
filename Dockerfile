FROM python:3.13-slim
WORKDIR /playground
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY engine engine
COPY app app
COPY static static
COPY templates templates
COPY examples examples
RUN pip install --no-cache-dir --editable '.[metrics]' \
    && useradd --uid 1000 --no-create-home playground
USER 1000
# One process a core; under a name of your own, set NN_PLAYGROUND_ALLOWED_HOSTS='["playground.school.example"]'.
ENV PORT=8000 PYTHONUNBUFFERED=1 NN_PLAYGROUND_WORKERS=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD python -c "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"
CMD ["sh", "-c", "exec nn-playground serve --host 0.0.0.0 --port $PORT"]
