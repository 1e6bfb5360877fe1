namespace Sidestep.Lab.Topologies;

/// <summary>Connections and datagrams that continue while links go down and up, and while other programs remove what
/// Sidestep has made in the kernel.</summary>
internal sealed class Bounce
{
    public SessionTraffic Sessions { get; set; } = new();

    public StreamTraffic Stream { get; set; } = new();

    /// <summary>The nodes on which the run removes, one by one, what Sidestep has made.</summary>
    public List<string> Nodes { get; set; } = [];

    /// <summary>What the run removes at the end where nothing restores it. If the run does not notice that, it could
    /// not have noticed anything, and fails.</summary>
    public RemovedOnPurpose RemovedOnPurpose { get; set; } = new();

    /// <summary>How long the run disturbs; null: 10 minutes.</summary>
    public int? Minutes { get; set; }

    /// <summary>Instead of a time: the number of rounds, each with all disturbances.</summary>
    public int? Rounds { get; set; }
}

/// <summary>A removal that nothing repairs.</summary>
internal sealed class RemovedOnPurpose
{
    public string Node { get; set; } = "";

    /// <summary>The service of the node that would repair it, and that the run ends before.</summary>
    public string Service { get; set; } = "";

    /// <summary>A line for a shell on the node.</summary>
    public string Run { get; set; } = "";
}
