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
@description('An application of Entra ID that callers sign in to.')
type SignIn = {
  @description('Its client id.')
  clientId: string
  @description('The tenant; the subscription\'s own unless it is another.')
  tenantId: string?
}
