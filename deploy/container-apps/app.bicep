// One kind of instance: the same image with some of the functions.
@description('Where it stands.')
param location string

@description('Its name.')
param name string

@description('Its tags.')
param tags object

@description('What it runs in.')
param environmentId string

@description('The identity that it works as.')
param identityId string

@description('The image, and the registry that it comes from.')
param image { name: string, registry: string }

@description('Cores and memory of an instance.')
param size { cpu: string, memory: string }

@description('Whether callers reach it, by https.')
param isReached bool

@description('How many instances there are, and what adds another one.')
param scale { least: int, most: int, rules: object[] }

@description('Seconds for which an instance that is to go may end what it does.')
@minValue(1)
@maxValue(600)
param graceSeconds int

@description('The app\'s settings by name; there is no secret among them.')
param settings { *: string }

var probed = [
  { type: 'Startup', path: '/v2/health/live', periodSeconds: 2, failureThreshold: 60 }
  { type: 'Liveness', path: '/v2/health/live', periodSeconds: 10, failureThreshold: 3 }
  { type: 'Readiness', path: '/v2/health/ready', periodSeconds: 5, failureThreshold: 2 }
]

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [{ server: image.registry, identity: identityId }]
      ingress: isReached
        ? { external: true, targetPort: 8080, transport: 'auto', allowInsecure: false }
        : null
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      containers: [
        {
          name: 'pilotlight'
          image: '${image.registry}/${image.name}'
          resources: { cpu: json(size.cpu), memory: size.memory }
          env: [for setting in items(settings): { name: setting.key, value: setting.value }]
          probes: [
            for probe in probed: {
              type: probe.type
              httpGet: { path: probe.path, port: 8080 }
              periodSeconds: probe.periodSeconds
              failureThreshold: probe.failureThreshold
              timeoutSeconds: 5
            }
          ]
        }
      ]
      scale: {
        minReplicas: scale.least
        maxReplicas: scale.most
        pollingInterval: 10
        cooldownPeriod: 300
        rules: scale.rules
      }
    }
  }
}

output name string = app.name
output hostName string = app.properties.configuration.?ingress.?fqdn ?? ''
