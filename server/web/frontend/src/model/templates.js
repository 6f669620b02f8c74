export function bindTemplates() {}
