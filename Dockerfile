# The image of every part: `otklik web`, `worker`, `bots` or `migrate` is chosen by the command.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock hatch_build.py README.md LICENSE CHANGELOG.md ./
COPY panel panel
COPY inbox inbox
COPY moderation moderation
COPY routing routing
COPY bots bots
COPY migrations migrations
RUN python -m venv /opt/otklik \
 && /opt/otklik/bin/pip install --no-cache-dir -c requirements.lock .

FROM python:3.13-slim
RUN useradd --uid 10001 --home-dir /var/lib/otklik --create-home otklik
COPY --from=build /opt/otklik /opt/otklik
ENV PATH=/opt/otklik/bin:$PATH OTKLIK_HOST=0.0.0.0 OTKLIK_PORT=8000 OTKLIK_HOME=/var/lib/otklik PYTHONUNBUFFERED=1
USER otklik
WORKDIR /var/lib/otklik
EXPOSE 8000
# Of the web part; compose.yaml switches it off for the others, which listen on nothing.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$OTKLIK_PORT/healthz', timeout=2)"
ENTRYPOINT ["otklik"]
CMD ["web"]
