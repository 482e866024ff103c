# The app for homes that take an image; deploy/README.md says which. Two of them can be built:
#   docker build -t pilotlight .                          under the Functions host: Kubernetes, Container Apps
#   docker build -t pilotlight-local --target local .     under the local host: a box at the edge
# Where builds must be repeatable, name the images by digest: --build-arg NODE_IMAGE=…@sha256:…
ARG NODE_IMAGE=node:22-bookworm-slim
ARG FUNCTIONS_IMAGE=mcr.microsoft.com/azure-functions/node:4-node22

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# Apart, so that a change of the code installs nothing.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run package -- --dir out/app
RUN npm run build

FROM ${NODE_IMAGE} AS local
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=8 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=7071
WORKDIR /app
COPY --from=build /src/out/app ./
COPY --from=build /src/dist ./dist
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 7071
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:7071/v2/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--initial-old-space-size=128", "dist/local.mjs", "--auth", "--no-samples"]

FROM ${FUNCTIONS_IMAGE} AS functions
# Only what no home says otherwise: docs/decisions/0007-node-flags.md tells of memory. The host refuses the triggers
# that have a webhook unless it has a name.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    AzureFunctionsJobHost__Logging__FileLoggingMode=never \
    FUNCTIONS_WORKER_RUNTIME=node \
    WEBSITE_HOSTNAME=localhost:8080 \
    ASPNETCORE_URLS=http://+:8080 \
    languageWorkers__node__arguments=--initial-old-space-size=128 \
    NODE_OPTIONS=--max-semi-space-size=8 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072
COPY --from=build /src/out/app /home/site/wwwroot
# Where the host writes even if it keeps keys and logs elsewhere.
RUN mkdir -p /azure-functions-host/Secrets /home/LogFiles /home/data \
    && chown -R 10001:10001 /azure-functions-host/Secrets /home/LogFiles /home/data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/v2/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
