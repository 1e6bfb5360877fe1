using System.Globalization;

namespace Sidestep.Lab.Topologies;

/// <summary>
/// Services that the lab generates. Each change removes some, adds those that the previous change removed, and gives
/// all others the next pool and the next profile.
/// </summary>
internal sealed class GeneratedServices
{
    /// <summary>A change removes one service of this many.</summary>
    private const int LeavingShare = 10;

    public int Services { get; set; }

    /// <summary>Number of services that no change removes: they have traffic.</summary>
    public int Staying { get; set; }

    public string Vip { get; set; } = "";

    /// <summary>UDP port of the first service; each further one has the next port.</summary>
    public int FirstPort { get; set; }

    public List<string> Pools { get; set; } = [];

    public List<string> Profiles { get; set; } = [];

    /// <summary>ADDRESS:PORT of the services that no change removes.</summary>
    public IEnumerable<string> Endpoints =>
        Enumerable.Range(0, Staying).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Vip}:{FirstPort + i}"));

    /// <summary>The services that exist after this many changes.</summary>
    public IEnumerable<GeneratedService> After(int changes) => Enumerable.Range(0, Services)
        .Where(i => i < Staying || (i + changes) % LeavingShare != 0)
        .Select(i => new GeneratedService(
            string.Create(CultureInfo.InvariantCulture, $"generated-{i}"), FirstPort + i,
            Pools[(i + changes) % Pools.Count], Profiles[(i + changes / Pools.Count) % Profiles.Count]));
}

internal sealed record GeneratedService(string Name, int Port, string Pool, string Profile);
