import type { Random } from './random.js';

const colours = [
  ...['#f4e9d8', '#d7e3ea', '#c9d8b6', '#f2d0c9', '#e4d4f4', '#ffffff', '#9fb8ad', '#6c8ead'],
  ...['#c76d5a', '#e0a458', '#5b7553', '#3b4a6b', '#8a7090', '#2e2b30', '#b08968', '#8fc1d4'],
];

type Draw = (width: number, height: number, random: Random) => string;

/** Draws a place to be: a wall, a room, a park, a beach, lamps in the dark. @returns the inside of an SVG */
export const drawBackground: Draw = (width, height, random) =>
  random.choice([plain, gradient, gradient, stripes, dots, room, room, park, park, beach, lamps, bookshelf])(
    width,
    height,
    random,
  );

const plain: Draw = (width, height, random) => rect(0, 0, width, height, random.choice(colours));

const gradient: Draw = (width, height, random) => {
  const kind = random.chance(0.5)
    ? `linearGradient id="backdrop" gradientTransform="rotate(${random.uniform(0, 360)} .5 .5)"`
    : `radialGradient id="backdrop" cx="${random.uniform(0.2, 0.8)}" cy="${random.uniform(0.2, 0.8)}" r=".8"`;
  const stops = `<stop stop-color="${random.choice(colours)}"/><stop offset="1" stop-color="${random.choice(colours)}"/>`;
  return `<${kind}>${stops}</${kind.split(' ')[0]}>${rect(0, 0, width, height, 'url(#backdrop)')}`;
};

/** Wallpaper. */
const stripes: Draw = (width, height, random) => {
  const [colour, other] = [random.choice(colours), random.choice(colours)];
  const pitch = random.uniform(24, 90);
  const count = Math.ceil((2 * (width + height)) / pitch);
  const bars = steps(count).map((i) =>
    rect(i * pitch - width - height, -height - width, pitch / 2, 3 * (width + height), other),
  );
  return `${rect(0, 0, width, height, colour)}<g transform="rotate(${random.choice([0, 0, 45, 90, 20])} ${width / 2} ${height / 2})">${bars.join('')}</g>`;
};

const dots: Draw = (width, height, random) => {
  const [colour, other] = [random.choice(colours), random.choice(colours)];
  const pitch = random.uniform(30, 80);
  const radius = pitch * random.uniform(0.12, 0.3);
  const rows = steps(Math.ceil(height / pitch) + 1).flatMap((y) =>
    steps(Math.ceil(width / pitch) + 1).map((x) =>
      circle((x + (y % 2) / 2) * pitch, y * pitch, radius, other),
    ),
  );
  return rect(0, 0, width, height, colour) + rows.join('');
};

/** A wall with a window or a picture on it, and a floor. */
const room: Draw = (width, height, random) => {
  const floor = height * random.uniform(0.65, 0.9);
  const frame = {
    x: width * random.uniform(-0.1, 0.7),
    y: height * random.uniform(0.02, 0.25),
    w: width * random.uniform(0.25, 0.45),
    h: height * random.uniform(0.25, 0.45),
  };
  const pane = random.choice(['#bfe0f2', '#f6d8a8', '#24324f', '#dfe8d0']);
  return [
    rect(0, 0, width, height, random.choice(colours)),
    rect(0, floor, width, height - floor, random.choice(['#8d6a4a', '#b98f66', '#5f5148', '#a39e93'])),
    rect(
      frame.x - 8,
      frame.y - 8,
      frame.w + 16,
      frame.h + 16,
      random.choice(['#ffffff', '#5a4632', '#d9c7a7']),
    ),
    rect(frame.x, frame.y, frame.w, frame.h, pane),
    random.chance(0.6)
      ? rect(frame.x + frame.w / 2 - 3, frame.y, 6, frame.h, '#ffffff') +
        rect(frame.x, frame.y + frame.h / 2 - 3, frame.w, 6, '#ffffff')
      : '',
  ].join('');
};

/** Sky, sun, hills and trees. */
const park: Draw = (width, height, random) => {
  const horizon = height * random.uniform(0.45, 0.75);
  const greens = ['#7fa650', '#5d8a4a', '#a7b85a', '#3f6b4f', '#c2a24c'];
  const hills = steps(3).map(
    (i) =>
      `<ellipse cx="${width * random.uniform(-0.1, 1.1)}" cy="${horizon + height * (0.25 + 0.12 * i)}" rx="${width * random.uniform(0.6, 1)}" ry="${height * random.uniform(0.25, 0.4)}" fill="${random.choice(greens)}"/>`,
  );
  const trees = steps(random.integer(1, 4)).map(() => {
    const [x, size] = [random.uniform(0, width), height * random.uniform(0.08, 0.16)];
    return (
      rect(x - size / 8, horizon - size / 2, size / 4, size * 1.5, '#6b4a30') +
      circle(x, horizon - size, size, random.choice(greens))
    );
  });
  return [
    rect(0, 0, width, height, random.choice(['#aed8f0', '#d6ecf7', '#f7cfa0', '#8fb7dc', '#cfd6da'])),
    circle(random.uniform(0, width), random.uniform(0, horizon / 2), width * 0.07, '#fff3c4'),
    ...trees,
    ...hills,
  ].join('');
};

const beach: Draw = (width, height, random) => {
  const horizon = height * random.uniform(0.35, 0.6);
  const sand = horizon + height * random.uniform(0.15, 0.25);
  return [
    rect(0, 0, width, height, random.choice(['#bfe3f5', '#fbd5a5', '#e8b7c0', '#7fb2d9'])),
    rect(0, horizon, width, height, random.choice(['#3f8fb0', '#5fb6b8', '#2d5f8a'])),
    `<path d="M0 ${sand}q${width / 4} -20 ${width / 2} 0t${width / 2} 0V${height}H0z" fill="${random.choice(['#ecd9a8', '#d9bd86'])}"/>`,
  ].join('');
};

/** Lamps out of focus, at night. */
const lamps: Draw = (width, height, random) => {
  const lights = steps(random.integer(10, 22)).map(
    () =>
      `<circle cx="${random.uniform(0, width)}" cy="${random.uniform(0, height)}" r="${width * random.uniform(0.015, 0.05)}" fill="${random.choice(['#ffd27f', '#ff9e6d', '#8ecae6', '#f4f1de', '#e27396'])}" opacity="${random.uniform(0.25, 0.7)}"/>`,
  );
  return (
    rect(0, 0, width, height, random.choice(['#1d2238', '#2b2230', '#20303a', '#4a3f55'])) + lights.join('')
  );
};

const bookshelf: Draw = (width, height, random) => {
  const shelf = height / random.integer(2, 4);
  const books = steps(Math.ceil(height / shelf)).flatMap((row) => {
    const spines: string[] = [];
    for (let x = 0; x < width; ) {
      const thickness = random.uniform(0.12, 0.3) * shelf;
      const tall = shelf * random.uniform(0.65, 0.92);
      spines.push(rect(x, (row + 1) * shelf - tall, thickness - 2, tall, random.choice(colours)));
      x += thickness;
    }
    return [...spines, rect(0, (row + 1) * shelf - 6, width, 8, '#7a5a3c')];
  });
  return rect(0, 0, width, height, '#4b3728') + books.join('');
};

/**
 * Draws something in front of the character: a table, a hedge, a fence or a wall.
 *
 * @param top the height in pixels that it must reach
 */
export function drawForeground(width: number, height: number, top: number, random: Random): string {
  const draw = random.choice([table, table, hedge, fence, wall]);
  return draw(width, height, top, random);
}

type DrawInFront = (width: number, height: number, top: number, random: Random) => string;

const table: DrawInFront = (width, height, top, random) => {
  const wood = random.choice(['#a9744f', '#c89b6d', '#7b5a45', '#e6ddd0', '#5d6d7e']);
  const edge = top + Math.max(10, height * 0.07);
  return `${rect(0, top, width, height, wood)}${rect(0, edge, width, height, '#000" fill-opacity=".25')}`;
};

const hedge: DrawInFront = (width, height, top, random) => {
  const leaf = random.choice(['#4f7942', '#6a994e', '#386641', '#8a9a5b']);
  const radius = width / random.integer(6, 11);
  const tufts = steps(Math.ceil(width / radius) + 1).map((i) =>
    circle(i * radius, top + radius * random.uniform(0.5, 0.7), radius, leaf),
  );
  return tufts.join('') + rect(0, top + radius, width, height, leaf);
};

const fence: DrawInFront = (width, height, top, random) => {
  const paint = random.choice(['#f7f5ef', '#b0c4b1', '#9c6644', '#d9ae94']);
  const board = width / random.integer(7, 12);
  const boards = steps(Math.ceil(width / board)).map(
    (i) =>
      `<path d="M${i * board} ${height}V${top}l${board / 2} ${-board / 3}l${board / 2} ${board / 3}V${height}z" fill="${paint}" stroke="#4a3b31" stroke-width="2"/>`,
  );
  return boards.join('');
};

/** Bricks. */
const wall: DrawInFront = (width, height, top, random) => {
  const brick = random.choice(['#b5654a', '#c9b79c', '#8d8f98', '#a34e3d']);
  const course = Math.max(14, height * 0.05);
  const bricks = steps(Math.ceil((height - top) / course)).flatMap((row) =>
    steps(Math.ceil(width / (course * 2.4)) + 1).map((i) =>
      rect((i - (row % 2) / 2) * course * 2.4, top + row * course, course * 2.4 - 3, course - 3, brick),
    ),
  );
  return rect(0, top - 4, width, height, '#e3d9cb') + bricks.join('');
};

function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function circle(x: number, y: number, radius: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}"/>`;
}

function steps(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
