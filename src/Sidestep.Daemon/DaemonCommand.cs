using System.CommandLine;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>The command <c>sidestepd</c> with its options.</summary>
internal static class DaemonCommand
{
    internal static RootCommand Create()
    {
        var config = Text("--config", "The configuration file (docs/configuration.md). The daemon applies every change "
            + "of the file, and the API cannot change the configuration.",
            "name the configuration file, such as /etc/sidestep/sidestep.yaml");
        config.Aliases.Add("-c");
        var store = Text("--store", "Folder of the configuration's revisions, instead of a file: sidestep apply and "
            + "the API change the configuration (docs/store.md).",
            "name the folder of the revisions, such as /var/lib/sidestep/revisions");
        var initial = Text("--initial-config", "Configuration file that becomes the first revision of an empty store. "
            + "Otherwise it is not read.", "name a configuration file");
        var state = Text("--state", "Folder of users, tokens and the audit log (docs/access.md).",
            $"name a folder, such as {DirectorFiles.StateFolder}");
        state.DefaultValueFactory = static _ => DirectorFiles.StateFolder;
        var remove = new Option<bool>("--remove")
        {
            Description = "Remove what the last daemon of this director left to the kernel (onExit: keep), and end. "
                + "Nothing is forwarded then. The folder of --state stays.",
        };
        var root = new RootCommand(
            "Sidestep's director: forwards packets for virtual IPs to real servers, which reply to clients directly.")
        {
            config, store, initial, state, remove,
        };
        root.Validators.Add(result =>
        {
            bool hasStore = result.GetValue(store) is not null;
            if ((result.GetValue(config) is not null) == hasStore)
                result.AddError("name where the configuration comes from: either --config FILE or --store FOLDER");
            else if (!hasStore && result.GetValue(initial) is not null)
                result.AddError("--initial-config is only for --store: a file of --config is read in any case");
        });
        root.SetAction((arguments, _) => DirectorProgram.RunAsync(new ConfigurationOptions(arguments.GetValue(config),
            arguments.GetValue(store), arguments.GetValue(initial), arguments.GetValue(state)!)
        {
            Removes = arguments.GetValue(remove),
        }));
        return root;
    }

    /// <summary>An option whose value is not empty.</summary>
    private static Option<string> Text(string name, string description, string remedy)
    {
        var option = new Option<string>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
                result.AddError($"{name} is empty: {remedy}");
        });
        return option;
    }
}
