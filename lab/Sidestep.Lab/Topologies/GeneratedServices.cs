using System.Globalization;

namespace Sidestep.Lab.Topologies;

/// <summary>
/// So many services that nobody writes them down. With every change some leave, those that had left are back, and all others
/// get the next pool and the next profile.
/// </summary>
internal sealed class GeneratedServices
{
    /// <summary>One of so many leaves with a change.</summary>
    private const int LeavingShare = 10;

    public int Services { get; set; }

    /// <summary>These never leave: they have traffic.</summary>
    public int Staying { get; set; }

    public string Vip { get; set; } = "";

    /// <summary>Of the first one; each has the next, UDP.</summary>
    public int FirstPort { get; set; }

    public List<string> Pools { get; set; } = [];

    public List<string> Profiles { get; set; } = [];

    /// <summary>ADDRESS:PORT of those that stay.</summary>
    public IEnumerable<string> Endpoints => Enumerable.Range(0, Staying).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Vip}:{FirstPort + i}"));

    /// <summary>Those that are in after so many changes.</summary>
    public IEnumerable<GeneratedService> After(int changes) => Enumerable.Range(0, Services)
        .Where(i => i < Staying || (i + changes) % LeavingShare != 0)
        .Select(i => new GeneratedService(
            string.Create(CultureInfo.InvariantCulture, $"generated-{i}"), FirstPort + i,
            Pools[(i + changes) % Pools.Count], Profiles[(i + changes / Pools.Count) % Profiles.Count]));
}

internal sealed record GeneratedService(string Name, int Port, string Pool, string Profile);
