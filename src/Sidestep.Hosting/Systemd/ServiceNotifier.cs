using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace Sidestep.Hosting.Systemd;

/// <summary>Tells the service manager about this service (sd_notify(3)). Without a service manager that listens
/// (<c>NOTIFY_SOCKET</c>), it does nothing. Safe for threads. A failure is ignored: a service works without its
/// manager.</summary>
/// <param name="notifier">Sends a datagram.</param>
public sealed class ServiceNotifier(ISystemdNotifier notifier)
{
    /// <summary>True if a service manager listens.</summary>
    public bool IsEnabled => notifier.IsEnabled;

    /// <summary>The service has started, or a reload has ended.</summary>
    /// <param name="status">A short text for <c>systemctl status</c>.</param>
    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>Changes the text of <c>systemctl status</c>.</summary>
    public void Status(string status) => Send($"STATUS={OneLine(status)}");

    /// <summary>A reload begins. <see cref="Ready"/> ends it.</summary>
    public void Reloading()
    {
        // CLOCK_MONOTONIC in microseconds, which Type=notify-reload requires.
        var now = Stopwatch.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMicrosecond;
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// <summary>The service stops.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>The service is alive: restarts the time that the service manager waits before it kills it.</summary>
    public void Alive() => Send("WATCHDOG=1");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private void Send(string state)
    {
        if (!notifier.IsEnabled)
            return;
        try
        {
            notifier.Notify(new ServiceState(state));
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The service manager has closed its socket, as during its own restart.
        }
    }
}
