import { freePort } from './free-port.ts'
import { hasProgram, type ReverseProxy, startProxy } from './started-proxy.ts'

/**
 * Whether Envoy can be started. If not, tests that need it are skipped with a line that says so.
 * @throws {Error} if it is missing and `CI` is `true`
 */
export const hasEnvoy = (what: string): boolean => hasProgram('envoy', '--version', what)

const cluster = (name: string, url: string) => {
  const { hostname, port } = new URL(url)
  const address = { socket_address: { address: hostname, port_value: Number(port) } }
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }]
  return { name, type: 'STATIC', load_assignment: { cluster_name: name, endpoints } }
}

const TYPES = 'type.googleapis.com/envoy.extensions.filters'

/** Members of Envoy's `HttpConnectionManager`. */
export interface ConnectionManager {
  readonly http_filters: readonly object[]
}

/**
 * Starts Envoy with this connection manager in front of a service.
 * @param clusters the URLs of other servers, by the names that the filters give them
 */
export const startEnvoy = async (
  { http_filters: filters, ...manager }: ConnectionManager,
  service: string,
  clusters: Readonly<Record<string, string>>,
): Promise<ReverseProxy> => {
  const port = await freePort()
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': `${TYPES}.http.router.v3.Router` },
  }
  const connections = {
    '@type': `${TYPES}.network.http_connection_manager.v3.HttpConnectionManager`,
    ...manager,
    stat_prefix: 'proxy',
    http_filters: [...filters, router],
    route_config: {
      virtual_hosts: [
        {
          name: 'service',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'service' } }],
        },
      ],
    },
  }
  const listener = {
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          { name: 'envoy.filters.network.http_connection_manager', typed_config: connections },
        ],
      },
    ],
  }
  const config = {
    static_resources: {
      listeners: [listener],
      clusters: Object.entries({ ...clusters, service }).map(([name, url]) => cluster(name, url)),
    },
  }
  const flags = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warn']
  return startProxy('envoy', [...flags, '--config-yaml', JSON.stringify(config)], port)
}
