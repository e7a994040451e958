/**
 * Draws the icons of lucide-react, with the attributes that it gives them. It stands in the place of its own
 * `createLucideIcon` (`vite.config.ts`), which takes many options that nobody here asks for and several times the code, in the
 * first load of every page.
 */
import { createElement, type SVGProps } from 'react';

interface IconData {
  name: string;
  size: number;
  node: readonly (readonly [tag: string, attributes: Record<string, string>])[];
}

/** An icon is for the eye alone, unless it has a name. */
export default function drawIcon({ size, node }: IconData) {
  return (props: SVGProps<SVGSVGElement>) =>
    createElement(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        width: 24,
        height: 24,
        viewBox: `0 0 ${size} ${size}`,
        fill: 'none',
        stroke: 'currentColor',
        strokeWidth: 2,
        strokeLinecap: 'round',
        strokeLinejoin: 'round',
        'aria-hidden': props['aria-label'] || props.role ? undefined : true,
        ...props,
      },
      ...node.map(([tag, attributes]) => createElement(tag, attributes)),
    );
}
