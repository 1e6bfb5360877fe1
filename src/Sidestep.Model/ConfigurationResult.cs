using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>The result of reading a document.</summary>
/// <param name="Configuration">Null exactly if there are errors.</param>
/// <param name="Errors">All errors, in the order of the document.</param>
/// <param name="Warnings">What works but is probably not intended, in the order of the document.</param>
public sealed record ConfigurationResult(
    Configuration? Configuration,
    ImmutableArray<ConfigurationIssue> Errors,
    ImmutableArray<ConfigurationIssue> Warnings);
