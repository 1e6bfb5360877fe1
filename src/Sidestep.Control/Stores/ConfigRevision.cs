using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>One state of a store: a configuration, its errors, or why it cannot be read.</summary>
/// <param name="Number">From 1; grows with every change.</param>
/// <param name="Result">The configuration or its errors; null exactly if there is a problem.</param>
/// <param name="Problem">Why the source cannot be read, in one line; null: it was read.</param>
public sealed record ConfigRevision(long Number, ConfigurationResult? Result, string? Problem);
