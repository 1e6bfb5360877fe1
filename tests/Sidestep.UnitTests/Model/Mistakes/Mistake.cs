namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>One change to the valid document, and all that the reader must say about it, in the order of the
/// document.</summary>
internal sealed record Mistake(string Name, string Part, string Replacement, params string[] Expected);
