/** The package brings no types of its own. It writes into the definition that it is given. */
declare module "asl-validator" {
  type Finding = { Message?: string; message?: string; instancePath?: string; schemaError?: { instancePath: string } };
  function validate(
    definition: object,
    options?: { checkPaths: boolean; checkArn: boolean },
  ): { isValid: boolean; errors: Finding[]; errorsText(separator?: string): string };
  export = validate;
}
