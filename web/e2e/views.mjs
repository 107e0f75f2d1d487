// SPDX-License-Identifier: Apache-2.0
// Every view that the judge opens, with what must be seen when it has data. A route of web/src/route.ts that is not
// here fails the judge.
import { json } from './rack.mjs';

/** Names and ids that addresses are made of, from the running rack. */
export async function subjects(api, id) {
  const finding = id ?? (await json(`${api}/api/v1/findings?phase=all`)).findings[0]?.id;
  const { links } = await json(`${api}/api/v1/links?name=server0/nic0/eth0--*`);
  const last = await json(`${api}/api/v1/last?metric=temperature&since_s=86400&count=1000`);
  const part = last.values.find((each) => each.serial);
  return { finding, link: links[0].id, device: 'server0/gpu0', serial: part?.serial };
}

const enc = encodeURIComponent;

/** `needs`: a route of the API without which the view has nothing. `canvas`: a picture must have been drawn. `text`: what the view says with data. */
export const views = (of) => [
  { name: 'rack', route: '/', path: '/', text: /server0/ },
  { name: 'findings', route: '/findings', path: '/findings', text: /leaf0/ },
  { name: 'finding', route: '/findings/{id}', path: `/findings/${enc(of.finding)}`, text: /lane 5|lane/i },
  { name: 'timeline', route: '/timeline', path: '/timeline', needs: '/api/v1/timeline', text: /link|event/i },
  { name: 'links', route: '/links', path: '/links', text: /leaf0/ },
  { name: 'link', route: '/links/{id}', path: `/links/${enc(of.link)}`, text: /leaf0/ },
  { name: 'device', route: '/devices/{id}', path: `/devices/${enc(of.device)}`, text: /gpu0/ },
  { name: 'lanes', route: '/lanes', path: '/lanes', canvas: true, text: /receivers: .* measured/ },
  { name: 'fec', route: '/fec', path: '/fec?span=600', canvas: true, text: /Codewords of this time/ },
  { name: 'eye', route: '/eye', path: `/eye?link=${enc(of.link)}&section=1`, canvas: true, text: /smallest eye at each error ratio/ },
  { name: 'topology', route: '/topology', path: '/topology', canvas: true, text: /Accelerators/ },
  { name: 'parts', route: '/parts', path: '/parts', needs: '/api/v1/parts', text: /serial/i },
  { name: 'part', route: '/parts/{serial}', path: `/parts/${enc(of.serial)}`, needs: '/api/v1/parts/{id}', text: /Where it was/ },
  { name: 'compare', route: '/compare', path: '/compare', needs: '/api/v1/compare', text: /before/i },
  { name: 'world', route: '/world', path: '/world', needs: '/api/v1/world', text: /fault/i },
];
