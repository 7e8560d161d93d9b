import 'reflect-metadata'
import type { Server } from 'node:http'
import { type AuthenticatedKey, checkBearer } from '@device-grant/core'
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Module,
  Post,
  Req,
  SetMetadata,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Request, Response } from 'express'
import { createDeviceGrant } from './device-grant.ts'

type KeyRequest = Request & { apiKey?: AuthenticatedKey }

export const startNest = async (port: number): Promise<Server> => {
  // Nest's Express strips the path that a handler is mounted at.
  const { handle, authenticateApiKey } = createDeviceGrant(`http://127.0.0.1:${port}/auth`, '')

  const RequireScope = (scope: string) => SetMetadata('scope', scope)

  class KeyGuard implements CanActivate {
    async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<KeyRequest>()
      const response = context.switchToHttp().getResponse<Response>()
      const scope: string | undefined = Reflect.getMetadata('scope', context.getHandler())
      const { authorization } = request.headersDistinct
      const reply = await checkBearer(authenticateApiKey, { authorization, scope })
      response.set('Cache-Control', 'no-store')
      if (reply.outcome === 'refused') {
        response.set(reply.headers)
        throw new HttpException(reply.body, reply.status)
      }
      request.apiKey = reply
      return true
    }
  }

  @Controller('api')
  class ApiController {
    @Get('reports')
    @RequireScope('reports:read')
    @UseGuards(KeyGuard)
    reports(@Req() request: KeyRequest): object {
      return { reports: [], owner: request.apiKey?.owner }
    }

    @Post('echo')
    echo(@Body() body: object): object {
      return body
    }
  }

  @Module({ controllers: [ApiController] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false })
  // Nest adds its body parsers at `listen`, so they come after these.
  app.use('/auth', handle)
  // RFC 8414 puts the metadata of an issuer with a path at the root of the origin.
  const metadata = '/.well-known/oauth-authorization-server/auth'
  app.use(metadata, (request: Request, response: Response) => {
    request.url = request.originalUrl
    handle(request, response)
  })
  await app.listen(port, '127.0.0.1')
  return app.getHttpServer()
}
