import { grouped } from '../locale';

/** Why a script elsewhere could not be opened. */
export const REMOTE_WORDS = {
  noAddress: (address: string) =>
    `The link asks for a script at “${address.slice(0, 120)}”, which is no address of the web: it should begin with https://.`,
  aPageAbout: (host: string) =>
    `The link leads to a page of ${host} about the script, not to the script itself.`,
  insecure: (address: string) =>
    `The script lies at ${address}; a page that came over https may not fetch over http. Try the same address with https.`,
  tooSlow: (host: string, seconds: number) => `${host} did not send the script within ${seconds} seconds.`,
  status: (host: string, status: number) =>
    status === 404 || status === 410
      ? `${host} has no script at this address (${status}): it was moved or taken away.`
      : status === 401 || status === 403
        ? `${host} does not give this script to everybody (${status}).`
        : `${host} answered with an error (${status}) instead of the script.`,
  tooBig: (bytes: number) =>
    `What lies at this address has more than ${grouped(bytes)} bytes: it is not a script.`,
  noText: (host: string) => `What ${host} sent is not text.`,
  aWebPage: (host: string) =>
    `What ${host} sent is a web page, not a script: look there for a link named Raw or Download, and use its address.`,
  offline: 'There is no network: the script elsewhere could not be fetched.',
  noCors: (host: string) =>
    `${host} answers, but does not let other pages read its files (it sends no Access-Control-Allow-Origin header). Download the script, and drop the file here.`,
  unreachable: (host: string) => `${host} could not be reached.`,
} as const;
