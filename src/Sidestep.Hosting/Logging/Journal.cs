using System.Globalization;
using Sidestep.Native;

namespace Sidestep.Hosting.Logging;

/// <summary>Whether the journal receives what this process writes.</summary>
internal static class Journal
{
    /// <summary>True if standard error is connected to the journal (<c>JOURNAL_STREAM</c>, systemd.exec(5)). It is not
    /// if the unit or a shell sends standard error elsewhere.</summary>
    internal static bool ReceivesStandardError() =>
        Receives(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), FileIdentity.Of("/proc/self/fd/2"));

    /// <param name="stream">Device and inode of the journal's stream, such as <c>9:12345</c>; null: none.</param>
    /// <param name="file">The file that this process writes to; null: unknown.</param>
    internal static bool Receives(string? stream, FileIdentity? file) => file is { } f
        && stream == string.Create(CultureInfo.InvariantCulture, $"{DeviceNumber(f.Device)}:{f.Inode}");

    /// <summary>The number that stat(2) has for a device, from the one of statx(2): major number in the low half, minor
    /// number in the high half.</summary>
    private static ulong DeviceNumber(ulong device)
    {
        ulong major = (uint)device, minor = device >> 32;
        return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xfful) << 12) | ((major & ~0xffful) << 32);
    }
}
