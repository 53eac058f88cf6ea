"""The model of a session: which one, under which settings, and its load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from localr1.chat.prompt import ChatFormat
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Event, ModelFacts, Notice, Ready
from localr1.engine.sampling import Sampling
from localr1.errors import Localr1Error, UsageError
from localr1.hardware.load_plan import LoadPlan
from localr1.models.reference import ModelReference
from localr1.session.failure import failed
from localr1.session.model_file import ModelFile, model_names, read_model_file, with_settings
from localr1.session.model_use import ModelUse
from localr1.session.notices import Notices
from localr1.session.setting_effects import check_together
from localr1.settings import Settings


class LoadedModel:
    """Loads a model into the engine and knows how it is spoken to.

    Args:
        reference: which model.
        settings: what a person asked for.
        engine: the worker's client.
        notices: remembers what was told.
    """

    def __init__(
        self,
        reference: ModelReference,
        settings: Settings,
        engine: EngineClient,
        notices: Notices,
    ) -> None:
        self._reference = reference
        self._settings = settings
        self._engine = engine
        self._notices = notices
        self._stop_asked = False
        self._use = ModelUse()
        self.file: ModelFile | None = None
        """What was read of its file; None before the first load."""
        self.facts: ModelFacts | None = None
        """None before `load` succeeded."""
        self.plan: LoadPlan | None = None

    @property
    def name(self) -> str:
        """As well as it is known by now."""
        return self.facts.name if self.facts else self._reference.name

    @property
    def is_ready(self) -> bool:
        """It is loaded, and its worker lives."""
        return self.facts is not None and self._engine.is_alive

    @property
    def chat(self) -> ChatFormat | None:
        """How it is spoken to; None before its file was read."""
        return self.file.chat if self.file else None

    @property
    def sampling(self) -> Sampling | None:
        """How its tokens are drawn; None before its file was read."""
        return self.file.sampling if self.file else None

    # ---- settings --------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What holds for the next reply, with the model's own once its file was read."""
        return self.file.settings if self.file else self._settings

    @property
    def settings_names(self) -> tuple[str, ...]:
        """What its own table in the settings file may be called."""
        if self.file is None or self.file.header is None:
            return (self._reference.name, self._reference.path.name)
        return model_names(self._reference, self.file.header)

    def check_settings(self, settings: Settings) -> None:
        """Raise where `use_settings` would refuse them.

        Raises:
            UsageError: they do not go together or with the model.
        """
        check_together(settings)
        if self.file is not None:
            with_settings(self.file, self._reference, settings)

    def use_settings(self, settings: Settings) -> None:
        """Follow other settings, as far as that needs no load.

        Raises:
            UsageError: they do not go together or with the model; nothing has changed.
        """
        self.check_settings(settings)
        if self.file is not None:
            self.file = with_settings(self.file, self._reference, settings)
        self._settings = settings

    # ---- the load --------------------------------------------------------------------------

    def change(self, reference: ModelReference) -> None:
        """Mean another model from the next load on.

        Raises:
            UsageError: a scripted model cannot take the place of a real one, nor a real one its.
        """
        if (reference.kind == "transcript") != (self._reference.kind == "transcript"):
            name = reference.name
            raise UsageError(f"{name} needs a start of its own", f"`localr1 chat {name}`")
        self._reference, self.file, self.facts = reference, None, None

    async def load(self) -> AsyncIterator[Event]:
        """Check, plan and load: `Loading`…, then `Ready` or `Failed`; `Notice`s."""
        self.facts = None
        self._stop_asked = False
        try:
            async for event in self._load():
                yield event
        except Localr1Error as error:
            yield failed(error)

    async def _load(self) -> AsyncIterator[Event]:
        # What makes the plan is imported here, not before the first paint
        from localr1.session.loading import load_command

        self.file = file = await self._read_file()
        await self.close()
        await self._engine.start()
        command = await load_command(self._engine, self._reference, file, lambda: self._stop_asked)
        if command.plan.notice:
            yield Notice(kind="memory", text=command.plan.notice)
        async for event in self._engine.ask(command):
            if isinstance(event, Ready):
                self.facts, self.plan = event.model, event.plan
                await self._use.begin(self._reference)
                yield msgspec.structs.replace(event, sampling=file.sampling)
                for notice in self._notices.once(file.notices):
                    yield notice
            else:
                yield event

    async def _read_file(self) -> ModelFile:
        settings = self._settings
        file = await asyncio.to_thread(read_model_file, self._reference, settings)
        if self._settings is not settings:  # changed by a person meanwhile
            file = with_settings(file, self._reference, self._settings)
        return file

    async def close(self) -> None:
        """End the worker, and with it the model's use."""
        await self._engine.close()
        await self._use.end()

    async def stop(self) -> None:
        """Stop the load, or what the engine does with the loaded model."""
        self._stop_asked = True
        if self.facts is None:
            # reading a file cannot be broken off at once, and half a load is worth nothing
            self._engine.kill("loading was cancelled")
        else:
            await self._engine.cancel()
