// What the parameters are made of.
@export()
@description('How an app scales on Flex Consumption.')
type Scale = {
  @description('Memory of an instance; it brings ¼, 1 or 2 cores.')
  instanceMemoryMB: 512 | 2048 | 4096
  @description('The most instances there may be.')
  @minValue(40)
  @maxValue(1000)
  maximumInstances: int
  @description('Requests that an instance is given at once before another one is added.')
  @minValue(1)
  @maxValue(1000)
  httpConcurrency: int
  @description('Instances for requests that stay when there are none; each costs all the time.')
  @minValue(0)
  alwaysReadyHttp: int
}

@export()
@description('What a dedicated plan is made of.')
type Dedicated = {
  @description('The size of an instance: 1, 2, 4 or 8 cores with 4 GB each.')
  sku: 'P0v3' | 'P1v3' | 'P2v3' | 'P3v3'
  @description('Instances that there always are.')
  @minValue(1)
  @maxValue(30)
  minimumInstances: int
  @description('The most instances there may be.')
  @minValue(1)
  @maxValue(30)
  maximumInstances: int
}

@export()
@description('An application of Entra ID that callers sign in to.')
type SignIn = {
  @description('Its client id.')
  clientId: string
  @description('The tenant; the subscription\'s own unless it is another.')
  tenantId: string?
}

@export()
@description('Who may reach the app over the network, or may not.')
type InboundRule = {
  name: string
  action: 'Allow' | 'Deny'
  priority: int
  @description('A range as 203.0.113.0/24, or the name of a service tag.')
  ipAddress: string
  tag: 'Default' | 'ServiceTag'
}
