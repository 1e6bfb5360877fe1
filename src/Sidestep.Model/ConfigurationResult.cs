using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>What came of reading a document.</summary>
/// <param name="Configuration">Null exactly when there are errors.</param>
/// <param name="Errors">All of them, in the order of the document.</param>
/// <param name="Warnings">What works but is probably not meant, in the order of the document.</param>
public sealed record ConfigurationResult(
    Configuration? Configuration,
    ImmutableArray<ConfigurationIssue> Errors,
    ImmutableArray<ConfigurationIssue> Warnings);
