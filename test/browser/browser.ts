/** A real browser before a real service. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { Home, type Running } from '../support/cli.ts';
import { atEndOfFile } from '../support/end-of-file.ts';
import { scratchPath } from '../support/scratch.ts';

/** A desk and a phone. */
export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** For what hangs, not for what is slow on a busy machine. */
const PATIENCE_MS = 100_000;

let browser: Promise<Browser> | undefined;

/** The browser of this file; it ends with it. */
export function theBrowser(): Promise<Browser> {
  browser ??= launch();
  return browser;
}

async function launch(): Promise<Browser> {
  atEndOfFile(async () => {
    await (await browser)?.close();
    browser = undefined;
  });
  return await chromium.launch({
    executablePath: chromiumPath(),
    // Its sound system makes a folder, which must not be left behind.
    env: { ...definedOf(process.env), PULSE_RUNTIME_PATH: scratchPath('pulse') },
    // Root has no sandbox in a container; the pages are our own.
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The set-up for the tests installs it where it is missing. */
function chromiumPath(): string {
  return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
}

/** `longhand serve` as a user starts it, in folders of its own. */
export interface RunningService {
  home: Home;
  /** Such as `http://127.0.0.1:34567`. */
  address: string;
  port: number;
  process: Running;
  /** Ends it at once, as a crash would, or politely. */
  end(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it anew with the same folders and the same port. */
  startAgain(): Promise<void>;
  /** Asks its API. */
  get<T>(path: string): Promise<T>;
  /** Hands in a recording as a form. @returns the number of its job */
  upload(file: string, fields?: Record<string, string>): Promise<number>;
  post<T>(path: string, body?: unknown): Promise<T>;
  /** Resolves when a job has come to rest. */
  settled(job: number): Promise<void>;
}

/** Starts the built command. Nothing is downloaded: the source of models is a port on which nobody listens. */
export async function startService(env: NodeJS.ProcessEnv = {}): Promise<RunningService> {
  const home = new Home({ LONGHAND_MODEL_MIRROR: 'http://127.0.0.1:9', ...env });
  mkdirSync(home.dataDir, { recursive: true });
  const service: RunningService = {
    home,
    ...(await serve(home, 0)),
    end: async (signal = 'SIGTERM') => {
      service.process.child.kill(signal);
      await service.process.finished;
    },
    startAgain: async () => {
      Object.assign(service, await serve(home, service.port));
    },
    get: async <T>(path: string) => (await (await fetch(`${service.address}${path}`)).json()) as T,
    upload: async (file, fields = {}) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append('file', new Blob([readFileSync(file)]), basename(file));
      const response = await fetch(`${service.address}/api/jobs`, { method: 'POST', body: form });
      return ((await response.json()) as { id: number }).id;
    },
    settled: async (job) => {
      await (await fetch(`${service.address}/api/jobs/${job}/log?follow=true`)).text();
    },
    post: async <T>(path: string, body: unknown = {}) => {
      const request = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      return (await (await fetch(`${service.address}${path}`, request)).json()) as T;
    },
  };
  return service;
}

async function serve(home: Home, port: number) {
  const process = home.start(['serve', '--port', String(port)]);
  const [, address = ''] = await process.said(/listens on (http:\S+)/);
  return { address, port: Number(new URL(address).port), process };
}

export interface Visit {
  page: Page;
  context: BrowserContext;
}

/** What the browser itself says on the console of a service that is away, or refuses somebody. */
export const UNREACHED = /Failed to load resource|ERR_|^(EventSource|WebSocket connection to)/;

/**
 * Opens a page of a service. When the test ends, nothing may have been said on the console, and no request may have left
 * this machine.
 */
export async function visit(
  address: string,
  path = '/',
  options: BrowserContextOptions & { expectTrouble?: RegExp } = {},
): Promise<Visit> {
  const { expectTrouble, ...rest } = options;
  const context = await (await theBrowser()).newContext({ viewport: DESK, locale: 'en-GB', ...rest });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') said.push(`A request left: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).hostname !== '127.0.0.1') said.push(`A WebSocket left: ${socket.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(said.filter((text) => !expectTrouble?.test(text))).toEqual([]);
  });
  await page.goto(`${address}${path}`);
  return { page, context };
}
