using System.Text.Json;
using Sidestep.Model;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>The newest accepted configuration as the API shows it. Safe for threads.</summary>
/// <param name="source">Where it comes from.</param>
internal sealed class ConfigurationView(ConfigurationSource source)
{
    private ShownConfiguration? _shown;

    /// <summary>The newest accepted configuration.</summary>
    internal ShownConfiguration Read()
    {
        if (source.Writable?.Accepted is { } accepted)
            return new ShownConfiguration(accepted.Configuration, accepted.Document);
        var newest = source.Accepted;
        if (Volatile.Read(ref _shown) is { } known && ReferenceEquals(known.Configuration, newest))
            return known;
        using var document = JsonDocument.Parse(ConfigurationWriter.ToJson(newest, isIndented: false));
        var shown = new ShownConfiguration(newest, document.RootElement.Clone());
        Volatile.Write(ref _shown, shown);
        return shown;
    }
}

/// <summary>A configuration in two forms.</summary>
/// <param name="Configuration">The model.</param>
/// <param name="Document">JSON in the canonical form.</param>
internal sealed record ShownConfiguration(Configuration Configuration, JsonElement Document);
