namespace Sidestep.Lab.Topologies;

/// <summary>Connections and datagrams that go on while a run changes the director's configuration again and again.</summary>
internal sealed class Churn
{
    public SessionTraffic Sessions { get; set; } = new();

    public StreamTraffic Stream { get; set; } = new();

    /// <summary>Services beside those that the director's file names; null: none.</summary>
    public GeneratedServices? GeneratedServices { get; set; }

    /// <summary>
    /// A service of the streams that is taken away in the end, under datagrams sent for that: they must get lost, or the run
    /// could not have seen a loss. Empty: not done.
    /// </summary>
    public string LostOnPurpose { get; set; } = "";

    /// <summary>
    /// A server that is switched off in the end, under sessions opened for that: they must break, or the run could not have
    /// seen a break.
    /// </summary>
    public string BrokenOnPurpose { get; set; } = "";
}

/// <summary>TCP connections of which each asks again and again.</summary>
internal sealed class SessionTraffic
{
    /// <summary>ADDRESS:PORT of services; the sessions are spread over them.</summary>
    public List<string> To { get; set; } = [];

    public int Count { get; set; }

    /// <summary>Seconds between two requests of a session.</summary>
    public double Period { get; set; }

    /// <summary>How many of them ask more seldom.</summary>
    public int QuietCount { get; set; }

    /// <summary>Seconds between two requests of these.</summary>
    public double QuietPeriod { get; set; }

    /// <summary>Sessions of less than a second that begin in a second, per service.</summary>
    public double ShortRate { get; set; }
}

/// <summary>Numbered datagrams.</summary>
internal sealed class StreamTraffic
{
    /// <summary>ADDRESS:PORT of services; the senders are spread over them.</summary>
    public List<string> To { get; set; } = [];

    public int Senders { get; set; }

    /// <summary>Datagrams per second, of all senders together.</summary>
    public int Rate { get; set; }
}
