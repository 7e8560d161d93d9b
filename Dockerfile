# The server. The first stage builds it, and the second has only what it needs at run time.
FROM node:24.12.0-slim AS build
WORKDIR /src
COPY . .
RUN npm run bootstrap && npm run build \
 && npx -y pnpm@12.21.0 --filter device-grant deploy --prod /app

FROM node:24.12.0-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build --chown=root:root /app ./
# The user `node`, as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --retries=3 CMD node -e "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "--enable-source-maps", "dist/main.js"]
