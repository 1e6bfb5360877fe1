namespace Sidestep.Lab.Topologies;

/// <summary>Connections and datagrams that continue while a run changes the director's configuration
/// repeatedly.</summary>
internal sealed class Churn
{
    public SessionTraffic Sessions { get; set; } = new();

    public StreamTraffic Stream { get; set; } = new();

    /// <summary>Services in addition to those in the director's file; null: none.</summary>
    public GeneratedServices? GeneratedServices { get; set; }

    /// <summary>
    /// A service that the run removes at the end, under datagrams that it sends for this purpose. If they are not lost,
    /// the run could not have detected a loss, and fails. Empty: no such check.
    /// </summary>
    public string LostOnPurpose { get; set; } = "";

    /// <summary>
    /// A server that the run disables at the end, under sessions that it opens for this purpose. If they do not break,
    /// the run could not have detected a break, and fails.
    /// </summary>
    public string BrokenOnPurpose { get; set; } = "";
}

/// <summary>TCP connections; each sends requests periodically.</summary>
internal sealed class SessionTraffic
{
    /// <summary>ADDRESS:PORT of services; the sessions are spread over them.</summary>
    public List<string> To { get; set; } = [];

    public int Count { get; set; }

    /// <summary>Seconds between two requests of a session.</summary>
    public double Period { get; set; }

    /// <summary>How many of them send requests at the longer period.</summary>
    public int QuietCount { get; set; }

    /// <summary>Seconds between two requests of a quiet session.</summary>
    public double QuietPeriod { get; set; }

    /// <summary>Sessions shorter than a second that start per second and service.</summary>
    public double ShortRate { get; set; }
}

/// <summary>UDP datagrams with numbers, by which the run finds lost ones.</summary>
internal sealed class StreamTraffic
{
    /// <summary>ADDRESS:PORT of services; the senders are spread over them.</summary>
    public List<string> To { get; set; } = [];

    public int Senders { get; set; }

    /// <summary>Datagrams per second, all senders together.</summary>
    public int Rate { get; set; }
}
