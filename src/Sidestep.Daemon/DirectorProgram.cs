using Sidestep.Forwarding;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>The program: from its options to the exit code.</summary>
internal static class DirectorProgram
{
    private const int Succeeded = 0, Failed = 1;

    /// <summary>Runs the daemon until a signal ends it.</summary>
    /// <param name="options">Where the configuration comes from.</param>
    /// <returns>The exit code: 0 after a signal, 1 when the daemon cannot run; the log says why.</returns>
    internal static async Task<int> RunAsync(ConfigurationOptions options)
    {
        // Before everything else: a signal during the start takes effect after it, and does not kill the process.
        using var signals = new ProcessSignals();
        using var log = ServiceLog.OnStandardError(TimeProvider.System);
        using var events = new EventHistory(TimeProvider.System);
        log.Factory.AddProvider(events);
        var logger = log.Factory.CreateLogger("Sidestep.Daemon");
        try
        {
            var opening = new RevisionStoreOpening(HostInfo.OfThisMachine, logger, TimeProvider.System);
            using var storeLock = options.Store is null ? null
                : await opening.LockAsync(options.Store).ConfigureAwait(false);
            using var source = options.Store is { } store ? opening.Open(store, options.InitialConfig)
                : ConfigurationSource.OfFile(options.Config!, HostInfo.OfThisMachine, TimeProvider.System);
            if (source is null || ReadFirst(source, options.Path, logger) is not { } first)
                return Failed;
            // Until here, nothing has been started that SIGHUP could reload.
            signals.ReloadRequested += source.ForceReload;
            var director = new Director(source, first, options.StateFolder, log, logger, events, signals);
            await director.RunAsync(options.Removes).ConfigureAwait(false);
            return Succeeded;
        }
        catch (Exception e) when (e is EngineException or NativeException)
        {
            logger.CannotRun(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CannotRun($"{options.Path}: {e.Message}");
        }
        return Failed;
    }

    /// <summary>Reads the configuration at the start; null: it has errors, which the log says.</summary>
    private static Configuration? ReadFirst(ConfigurationSource source, string path, ILogger logger)
    {
        var result = source.Read();
        foreach (var warning in result.Warnings)
            logger.ConfigurationWarning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            logger.ConfigurationError(error.Format(path, "error"));
        return result.Configuration;
    }
}

/// <summary>Where the configuration comes from: <paramref name="Config"/> or <paramref name="Store"/> is
/// there.</summary>
/// <param name="Config">Path of the configuration file.</param>
/// <param name="Store">Path of the folder of revisions.</param>
/// <param name="InitialConfig">Path of the first configuration of an empty store; null: none.</param>
/// <param name="StateFolder">Path of the folder of users, tokens and the audit log.</param>
internal sealed record ConfigurationOptions(string? Config, string? Store, string? InitialConfig, string StateFolder)
{
    /// <summary>True: remove what an earlier daemon left, and end.</summary>
    internal bool Removes { get; init; }

    /// <summary>The path of the file or folder, as it was given.</summary>
    internal string Path => Store ?? Config!;
}
